"""Proof that storage holds what the export wrote: nothing missing, altered, put in or there twice.

``python -m shared.verify``. Nothing is written, Graph is not asked, and a run of the app may go on meanwhile. A chain
is one source of one tenant, and is verified in two steps: ``judging`` compares checkpoint, manifests and names of blobs
as values (``walk`` follows the digests, ``windows`` joins the times), and then ``blob_reading`` reads every blob once,
in the processes of ``readers``, while ``doubles`` looks for records that are there twice.

Memory holds one chain's manifests, some 800 bytes each (a year of a busy source has 100,000), and 8 bytes for each
record of the blobs that are being read.
"""
