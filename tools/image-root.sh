#!/bin/sh
# The file system of the container image but for Sluice itself: `image-root.sh NODE DIRECTORY` copies the Node binary with the
# libraries that it is linked to, and writes the files that name lookups need. Nothing else: no shell, no package manager.
set -eu
node=$1
root=$2
mkdir -p "$root/etc" "$root/usr/local/bin"
cp -L "$node" "$root/usr/local/bin/node"
ldd "$node" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
printf 'root:x:0:0::/:/nonexistent\nsluice:x:65532:65532::/:/nonexistent\n' >"$root/etc/passwd"
printf 'root:x:0:\nsluice:x:65532:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
