#!/bin/sh
# Remove the folder that `create` made. Nothing is left to be done where it is gone already.
set -eu

rm -rf -- "$(ctx instance runtime-properties folder)"
