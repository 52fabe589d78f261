#!/bin/sh
# Remember which device the disk is: the first one that no file system is on.
set -eu

for device in /dev/vd?; do
    [ -b "$device" ] || continue
    blkid "$device" >/dev/null && continue
    ctx instance runtime-properties device_name "$device"
    exit 0
done
ctx abort-operation "there is no empty disk"
