#!/bin/sh
# Remove all archives but the newest `keep` of each machine.
set -eu

umask "$UMASK"
folder=$(ctx instance runtime-properties folder)
for machine in office workshop; do
    ls -1r "$folder/$machine"-*.tar.gz | tail -n "+$((keep + 1))" | xargs -r rm --
done
