#!/bin/sh
# Backs up a database to a folder and keeps the newest copies.
#
#   nightly-backup.sh SOURCE FOLDER [KEEP]
#
# SOURCE  the path of an SQLite file, or a postgresql:// address (its password belongs in ~/.pgpass)
# FOLDER  where copies go; it is made if need be
# KEEP    how many copies of this database stay (7)
#
# A copy gets its name only when it is whole and could be read again, so a failed backup never
# pushes out a good one. The database may be in use meanwhile.
set -eu

usage="usage: nightly-backup.sh SOURCE FOLDER [KEEP]"
source=${1:?$usage}
folder=${2:?$usage}
keep=${3:-7}
case $keep in '' | *[!0-9]* | 0*) echo "KEEP must be a number above 0: $keep" >&2 && exit 2 ;; esac

umask 077
mkdir -p "$folder"
unfinished=$(mktemp "$folder/.unfinished.XXXXXX")
trap 'rm -f "$unfinished"' EXIT
trap 'exit 143' TERM INT

copy_sqlite() {
  if [ ! -f "$source" ]; then
    echo "there is no database $source" >&2
    exit 1
  fi
  python3 - "$source" "$unfinished" <<'PYTHON'
import sqlite3, sys
from contextlib import closing
from pathlib import Path

address = Path(sys.argv[1]).resolve().as_uri() + "?mode=ro"
with closing(sqlite3.connect(address, uri=True)) as source:
    with closing(sqlite3.connect(sys.argv[2])) as target:
        source.backup(target)
        (verdict,) = target.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            sys.exit(f"the copy is damaged: {verdict}")
PYTHON
}

copy_postgresql() {
  pg_dump --format=custom --no-password --file="$unfinished" "$source"
  pg_restore --list "$unfinished" >/dev/null
}

case $source in
  postgresql://* | postgres://*)
    address=${source%%\?*}
    name=${address##*/}
    ending=dump
    copy_postgresql
    ;;
  *)
    name=$(basename "$source")
    ending=sqlite
    copy_sqlite
    ;;
esac

name=$(printf '%s' "$name" | tr -c 'A-Za-z0-9._-' '_')
copy="$folder/$name-$(date -u +%Y%m%dT%H%M%SZ).$ending"
mv "$unfinished" "$copy"
echo "wrote $copy ($(wc -c <"$copy" | tr -d ' ') bytes)"

find "$folder" -maxdepth 1 -type f -name "$name-[0-9]???????T??????Z.$ending" |
  sort -r | tail -n "+$((keep + 1))" |
  while IFS= read -r old; do
    rm -f "$old"
    echo "removed $old"
  done
