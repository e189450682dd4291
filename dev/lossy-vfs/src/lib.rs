//! Test only: a SQLite VFS that loses what was not synced.
