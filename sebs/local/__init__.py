"""The embedded platform: functions run as processes of this machine."""
