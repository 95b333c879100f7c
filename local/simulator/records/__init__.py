"""What the records look like, one module a source: a record's place in time in, compact JSON bytes out."""
