"""Tests of the local host: the sample app in a real process, over real HTTP and queues."""
