"""What tests of several clouds, or of several parts of one, share is beside this file."""
