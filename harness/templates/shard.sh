# One shard: SHARD_INDEX (from 1) of SHARD_OF, of the run that OPTIONS describes.
# Begins it, or goes on with it where an earlier try was cut off.
set -euo pipefail
: "${HARNESS:=harness}"
out="$SHARD_OUT/shard-$SHARD_INDEX"
mkdir -p "$out"
printf '%s\n' "$OPTIONS" > "$SHARD_OUT/options-$SHARD_INDEX.json"

# Passes a signal on, so that the harness ends cleanly and can go on later.
run() {
    "$@" &
    child=$!
    trap 'kill -TERM "$child" 2>/dev/null || true' TERM INT
    code=0
    wait "$child" || code=$?
    while kill -0 "$child" 2>/dev/null; do
        code=0
        wait "$child" || code=$?
    done
    return "$code"
}

for begun in "$out"/*/run.json; do
    [ -e "$begun" ] || continue
    code=0
    run "$HARNESS" compare --resume "$(dirname "$begun")" || code=$?
    [ "$code" = 2 ] || exit "$code"
    # It cannot go on here, for instance since it was begun on another machine.
    mkdir -p "$SHARD_OUT/given-up"
    mv "$(dirname "$begun")" "$SHARD_OUT/given-up/"
done

code=0
run "$HARNESS" compare --options "$SHARD_OUT/options-$SHARD_INDEX.json" --shard "$SHARD_INDEX/$SHARD_OF" \
    --work-dir "$SHARD_WORK" --out "$out" || code=$?
exit "$code"
