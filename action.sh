#!/usr/bin/env bash
# What the action does, in one run of trailcheck. Inputs come as environment variables, never as text in this script.
set -euo pipefail

# Whatever ends this script early: that is no verdict, and says so.
refuse() {
    echo "error: $1" >&2
    printf 'result=error\nexit-code=2\n' >>"$GITHUB_OUTPUT"
    exit 2
}

# A line break would end the output that it stands in, and begin another; a dash would be a flag.
case "$TRAILCHECK_OUTPUT_DIR" in
    "" | *[[:cntrl:]]*) refuse "output-dir must be a folder's name, without control characters" ;;
    -*) TRAILCHECK_OUTPUT_DIR="./$TRAILCHECK_OUTPUT_DIR" ;;
esac
mkdir -p "$TRAILCHECK_OUTPUT_DIR" || refuse "output-dir cannot be made"
# Old reports first: a run that does not get as far must not leave yesterday's verdict behind.
junit="$TRAILCHECK_OUTPUT_DIR/trailcheck.xml"
sarif="$TRAILCHECK_OUTPUT_DIR/trailcheck.sarif"
json="$TRAILCHECK_OUTPUT_DIR/trailcheck.json"
summary="$TRAILCHECK_OUTPUT_DIR/trailcheck.md"
annotations="$TRAILCHECK_OUTPUT_DIR/annotations.txt"
rm -f "$junit" "$sarif" "$json" "$summary" "$annotations" || refuse "old reports in output-dir cannot be removed"

binary="$TRAILCHECK_BINARY"
if [ -z "$binary" ]; then
    # The development profile: it builds in a third of the time, and a check takes well under a second.
    target="${RUNNER_TEMP:-/tmp}/trailcheck-target"
    cargo build --locked --manifest-path "$GITHUB_ACTION_PATH/Cargo.toml" --target-dir "$target" \
        || refuse "trailcheck cannot be built"
    binary="$target/debug/trailcheck"
fi

arguments=(check --config "$TRAILCHECK_CONFIG" --fail-on "$TRAILCHECK_FAIL_ON")
if [ -n "$TRAILCHECK_SNAPSHOT" ]; then
    arguments+=(--snapshot "$TRAILCHECK_SNAPSHOT")
fi
while IFS= read -r path; do
    if [ -n "$path" ]; then arguments+=(--logs "$path"); fi
done <<<"$TRAILCHECK_LOGS"
while IFS= read -r path; do
    if [ -n "$path" ]; then arguments+=(--policies "$path"); fi
done <<<"$TRAILCHECK_POLICIES"
arguments+=(--report text --report "junit=$junit" --report "sarif-upload=$sarif" --report "json=$json")
arguments+=(--report "markdown=$summary" --report "github=$annotations")

exit_code=0
"$binary" "${arguments[@]}" || exit_code=$?

# Written by trailcheck for this: the only lines of it that are commands to the runner.
if [ -f "$annotations" ]; then cat "$annotations"; fi

case "$exit_code" in
    0) result=pass ;;
    1) result=fail ;;
    3) result=unknown ;;
    *) result=error ;;
esac

# Outputs are words, numbers and the file names above: nothing that AWS or a log record could have chosen.
{
    echo "result=$result"
    echo "exit-code=$exit_code"
    if [ -f "$junit" ]; then echo "junit-file=$junit"; fi
    if [ -f "$sarif" ]; then echo "sarif-file=$sarif"; fi
    if [ -f "$json" ]; then
        echo "json-file=$json"
        for outcome in pass fail unknown waived; do
            # The summary's counts: the first line of each name, which stands before any finding.
            count=$(sed -n "s/^    \"$outcome\": \([0-9]*\),*\$/\1/p" "$json" | head -n 1)
            echo "$outcome=$count"
        done
    fi
} >>"$GITHUB_OUTPUT"

if [ "$TRAILCHECK_SUMMARY" = true ] && [ -f "$summary" ]; then
    cat "$summary" >>"$GITHUB_STEP_SUMMARY"
fi

exit "$exit_code"
