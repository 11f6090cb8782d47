#!/bin/sh
exec "$(dirname "$0")/machine" flat
