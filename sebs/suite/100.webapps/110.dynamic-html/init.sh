#!/bin/bash
# bash init.sh OUTPUT_DIR VERBOSE ARCHITECTURE
set -eu
cp -R "$(dirname "$0")/templates" "$1/"
