# Runs in the guest after image/tree.sh and before the world's own script: shell settings and images without a registry.
set -euo pipefail
step() { printf 'step: %s\n' "$*"; }

# import TAG CHANGE...: an image of the tree in $tree whose configuration has the changes.
import() {
    local tag=$1 change
    local -a changes=()
    shift
    for change in 'CMD ["idle"]' "$@"; do changes+=(-c "$change"); done
    tar -C "$tree" -c . | docker import "${changes[@]}" - "$tag" >/dev/null
}

tree=$(mktemp -d)
make_tree "$tree" /bin/busybox
