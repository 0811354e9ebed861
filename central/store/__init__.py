"""Where the centre keeps things: database, tables, migrations, blobs."""
