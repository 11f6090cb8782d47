#!/bin/sh
# Make ./configure from a git checkout.  A release tarball has it already.
set -e
cd "$(dirname "$0")"
mkdir -p m4 build-aux
autoreconf --force --install
echo "now: ./configure && make"
