"""Identity providers to test against: real HTTP servers on the loopback interface."""
