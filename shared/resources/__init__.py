"""One record of Graph at a time: read through, and updated with an audit."""
