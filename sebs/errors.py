"""The exceptions of sebs.

Every error that sebs raises on purpose derives from :class:`SebsError` and from the builtin that
a caller who does not know sebs would expect. An error says what was wrong with which value, and
its ``remedy`` says what to do about it. The command line exits with 2 for a :class:`UsageError`,
where something was named or asked for wrongly and nothing was done, and with 1 for every other one.

::

    SebsError (Exception)
    ├── UsageError (ValueError)                    what was asked for makes no sense: exit code 2
    │   ├── ConfigurationError                     bad file, key or value; all problems at once
    │   ├── UnknownBenchmarkError (LookupError)
    │   ├── UnknownInputSizeError (LookupError)
    │   ├── UnknownSystemError (LookupError)
    │   ├── UnknownExperimentError (LookupError)
    │   ├── UnsupportedLanguageError               language, version or architecture
    │   ├── InvalidNameError                       a function, bucket or table name
    │   ├── IncomparableRunsError                  of other code, input or memory
    │   ├── NoResultsError (ResultFormatError)     not there, or no results of that kind
    │   ├── OtherExperimentError (InvalidSampleError)  results of another one than was asked about
    │   ├── PriceUnknownError (AnalysisError, LookupError)  not in the price book: never guessed
    │   └── SystemUnavailableError (ImportError)   known, but what it needs is not installed
    ├── BenchmarkError (RuntimeError)
    │   ├── InvalidBenchmarkError                  a directory that is no benchmark
    │   ├── InputGenerationError                   input.py raised
    │   ├── DependencyError                        the installer's reason is in the message
    │   ├── BuildScriptError                       init.sh or package.sh failed
    │   ├── ImageError                             a container image could not be built or pushed
    │   ├── OutputValidationError                  the function answered, but wrongly
    │   └── PackageTooLargeError (ValueError)
    ├── PlatformError (RuntimeError)
    │   ├── FunctionGoneError (LookupError)        deleted behind our back
    │   ├── FunctionNameTakenError                 exists and is not ours: never touched
    │   ├── LimitExceededError (UsageError)        memory, timeout, payload, … out of range
    │   ├── UnsupportedOperationError (UsageError, NotImplementedError)
    │   │   ├── UnsupportedTriggerError
    │   │   └── UnsupportedVariantError
    │   ├── ColdStartError                         could not force new environments
    │   ├── CleanupError                           lists everything that could not be deleted
    │   ├── CredentialsError (PermissionError)     none, half of them, or refused
    │   │   └── CredentialsExpiredError
    │   ├── AccessDeniedError (PermissionError)    names the action and what it was for
    │   ├── ThrottledError                         still refused after the last attempt
    │   ├── PlatformUnreachableError (ConnectionError)
    │   ├── PlatformTimeoutError (TimeoutError)    a state that was waited for did not come
    │   ├── LogSearchError                         a search of the platform's log came to nothing
    │   ├── LogNotFoundError (LookupError)         the platform keeps no log of that name
    │   ├── AttachedFunctionError                  not ours: changed only where the caller says so
    │   ├── GatewayError                           the local platform's gateway
    │   ├── ImageUnavailableError (LookupError)    a container image that is needed is not there
    │   └── DockerUnavailableError
    ├── StorageError (OSError)
    │   ├── BucketNotFoundError (LookupError)
    │   ├── BucketNameTakenError (FileExistsError) exists and is not ours: never touched
    │   ├── ObjectNotFoundError (FileNotFoundError)
    │   ├── InvalidItemError (ValueError)          an item or key that a table cannot hold
    │   └── UnsafePathError (ValueError)           a key or archive entry leaves its directory
    ├── CacheError (RuntimeError)
    │   ├── CacheUnavailableError (OSError)        read-only, disk full, not a directory
    │   └── CacheFormatError (ValueError)          corrupt, or written by a newer version
    ├── ExperimentError (RuntimeError)             cannot give what it is to measure
    ├── InvocationError (RuntimeError)
    │   ├── InvocationConnectionError (ConnectionError)
    │   ├── InvocationTimeoutError (TimeoutError)
    │   ├── InvocationStatusError                  an HTTP status that is not 2xx
    │   └── MalformedResponseError (ValueError)
    ├── AnalysisError (RuntimeError)
    │   └── InvalidSampleError (ValueError)        no observations, or some are no numbers
    └── ResultFormatError (ValueError)             a result file or journal that cannot be read
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class SebsError(Exception):
    """Base of all errors of sebs.

    Args:
        message: What was wrong with which value.
        remedy: What the reader can do about it, as a sentence; ``None`` where nothing is known.
    """

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}" if self.remedy else self.message


class UsageError(SebsError, ValueError):
    """What the user asked for makes no sense; nothing was done."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a configuration.

    Attributes:
        path: Dotted path of the value, such as ``deployment.aws.region``; empty for the whole file.
        message: What is wrong with it.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ConfigurationError(UsageError):
    """A configuration that cannot be used; ``problems`` has all of them at once."""

    def __init__(
        self, message: str, *, problems: Sequence[Problem] = (), remedy: str | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [self.message, *(f"  {problem}" for problem in self.problems)]
        if self.remedy:
            lines.append(self.remedy)
        return "\n".join(lines)


class UnknownBenchmarkError(UsageError, LookupError):
    """No benchmark of that name; the message lists those that exist."""


class UnknownInputSizeError(UsageError, LookupError):
    """The benchmark has no input of that size."""


class UnknownSystemError(UsageError, LookupError):
    """No platform of that name is registered."""


class UnknownExperimentError(UsageError, LookupError):
    """No experiment of that name is registered."""


class UnsupportedLanguageError(UsageError):
    """The platform does not run that language, version or architecture."""


class InvalidNameError(UsageError):
    """A name that the platform's naming rules refuse."""


class IncomparableRunsError(UsageError):
    """Two runs of other code, input or memory, whose times tell nothing of each other."""


class SystemUnavailableError(UsageError, ImportError):
    """The platform is known, but what it needs is not installed; the remedy says how to get it."""


class BenchmarkError(SebsError, RuntimeError):
    """A benchmark could not be built, fed or judged."""


class InvalidBenchmarkError(BenchmarkError):
    """The directory lacks what a benchmark must have."""


class InputGenerationError(BenchmarkError):
    """The benchmark's ``input.py`` raised; its own error is the cause."""


class DependencyError(BenchmarkError):
    """The benchmark's dependencies could not be installed."""


class BuildScriptError(BenchmarkError):
    """A build script of the benchmark failed; its last lines are in the message."""


class ImageError(BenchmarkError):
    """A container image could not be built or pushed, or is none that can be deployed."""


class OutputValidationError(BenchmarkError):
    """The function answered, but its output is wrong."""


class PackageTooLargeError(BenchmarkError, ValueError):
    """The code package is over the platform's limit."""


class PlatformError(SebsError, RuntimeError):
    """The platform refused, or failed, to do what it was asked."""


class FunctionGoneError(PlatformError, LookupError):
    """A function that the cache knows no longer exists on the platform."""


class FunctionNameTakenError(PlatformError):
    """A function of that name exists and does not belong to this deployment."""


class LimitExceededError(PlatformError, UsageError):
    """A value is outside what the platform allows; checked before the first remote call."""


class UnsupportedOperationError(PlatformError, UsageError, NotImplementedError):
    """The platform cannot do that at all."""


class UnsupportedTriggerError(UnsupportedOperationError):
    """The platform has no trigger of that type."""


class UnsupportedVariantError(UnsupportedOperationError):
    """The platform does not deploy that system variant."""


class ColdStartError(PlatformError):
    """New execution environments could not be forced."""


class CleanupError(PlatformError):
    """Some resources could not be deleted.

    Attributes:
        failures: What remained, and why: resource name to reason.
    """

    def __init__(
        self, message: str, *, failures: dict[str, str], remedy: str | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.failures = dict(failures)

    def __str__(self) -> str:
        rows = [f"  {name}: {reason}" for name, reason in self.failures.items()]
        return "\n".join([super().__str__(), *rows])


class CredentialsError(PlatformError, PermissionError):
    """There are no credentials, only half of them, or the platform refuses them."""


class CredentialsExpiredError(CredentialsError):
    """The credentials were valid and are no longer."""


class AccessDeniedError(PlatformError, PermissionError):
    """The credentials are valid and do not permit this.

    Attributes:
        action: The platform's name of what was not permitted, such as ``iam:CreateRole``.
        resource: What it was to be done to; empty where the platform does not say.
    """

    def __init__(
        self, message: str, *, action: str, resource: str = "", remedy: str | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.action = action
        self.resource = resource


class ThrottledError(PlatformError):
    """The platform refused for want of capacity, and still did after the last attempt."""


class PlatformUnreachableError(PlatformError, ConnectionError):
    """The platform's endpoint cannot be reached, or the connection broke."""


class PlatformTimeoutError(PlatformError, TimeoutError):
    """Something that the platform was to become was waited for, and did not come in time."""


class LogSearchError(PlatformError):
    """A search of the platform's log failed, or was cancelled."""


class LogNotFoundError(PlatformError, LookupError):
    """The platform keeps no log of that name."""


class AttachedFunctionError(PlatformError):
    """A function that is not ours is only invoked; nobody said that it may be changed."""


class GatewayError(PlatformError):
    """The local platform's gateway could not be started or reached, or refused a request."""


class ImageUnavailableError(PlatformError, LookupError):
    """A container image that is needed is not on this machine, and cannot be pulled."""


class DockerUnavailableError(PlatformError):
    """The operation needs a Docker engine and none answers."""


class StorageError(SebsError, OSError):
    """An object storage or NoSQL operation failed."""


class BucketNotFoundError(StorageError, LookupError):
    """No bucket, or table, of that name."""


class BucketNameTakenError(StorageError, FileExistsError):
    """A bucket, or table, of that name exists and does not belong to this deployment."""


class ObjectNotFoundError(StorageError, FileNotFoundError):
    """No object of that key in the bucket."""


class InvalidItemError(StorageError, ValueError):
    """An item, a key or an update that a table cannot hold."""


class UnsafePathError(StorageError, ValueError):
    """A bucket key or archive entry would leave its directory."""


class CacheError(SebsError, RuntimeError):
    """The cache could not do what it was asked; what it held before is unchanged."""


class CacheUnavailableError(CacheError, OSError):
    """The cache directory cannot be used: read-only, full, or no directory."""


class CacheFormatError(CacheError, ValueError):
    """The cache is corrupt, or was written by a newer version of sebs."""


class ExperimentError(SebsError, RuntimeError):
    """An experiment cannot give what it is to measure."""


class InvocationError(SebsError, RuntimeError):
    """An invocation that produced no result."""


class InvocationConnectionError(InvocationError, ConnectionError):
    """The endpoint could not be reached, or the connection broke before the answer was whole."""


class InvocationTimeoutError(InvocationError, TimeoutError):
    """No whole answer arrived in time; the request may still be running."""


class InvocationStatusError(InvocationError):
    """The endpoint answered with an HTTP status that is no success.

    Attributes:
        status: The HTTP status code.
        body: The answer's body, as it arrived.
    """

    def __init__(
        self, message: str, *, status: int, body: bytes = b"", remedy: str | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.body = body


class MalformedResponseError(InvocationError, ValueError):
    """The endpoint answered, but not with what was expected of it."""


class AnalysisError(SebsError, RuntimeError):
    """Measurements from which nothing can be concluded."""


class InvalidSampleError(AnalysisError, ValueError):
    """A sample without observations, or with some that are no finite numbers."""


class ResultFormatError(SebsError, ValueError):
    """A result file or journal that cannot be read."""


class NoResultsError(UsageError, ResultFormatError):
    """What was named is not there, or holds no results of the kind that was asked for."""


class OtherExperimentError(UsageError, InvalidSampleError):
    """The results are of another experiment than the one that was asked about."""


class PriceUnknownError(UsageError, AnalysisError, LookupError):
    """The price book has no price for that; none is guessed."""
