#!/bin/sh
# Say what goes into a loaf. Inputs of the operation are variables here.
set -eu

ctx logger info "Flour: $flour, and water, salt and time"
