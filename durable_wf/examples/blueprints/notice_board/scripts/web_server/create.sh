#!/bin/sh
# Make the folder that the server will show, and remember it for the operations that follow.
set -eu

folder=$(mktemp -d)
ctx logger info "The server shows $folder"
ctx instance runtime-properties folder "$folder"
