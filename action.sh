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
html="$TRAILCHECK_OUTPUT_DIR/trailcheck.html"
evidence="$TRAILCHECK_OUTPUT_DIR/evidence.zip"
summary="$TRAILCHECK_OUTPUT_DIR/trailcheck.md"
annotations="$TRAILCHECK_OUTPUT_DIR/annotations.txt"
rm -f "$junit" "$sarif" "$json" "$html" "$evidence" "$summary" "$annotations" || refuse "old reports in output-dir cannot be removed"

# Downloads the release of the action's own tag into a folder, and says with 1 that there is none.
download() {
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64) target=x86_64-unknown-linux-gnu ;;
        Linux-aarch64) target=aarch64-unknown-linux-gnu ;;
        Darwin-x86_64) target=x86_64-apple-darwin ;;
        Darwin-arm64) target=aarch64-apple-darwin ;;
        *) return 1 ;;
    esac
    archive="trailcheck-$target.tar.gz"
    from="$GITHUB_SERVER_URL/$TRAILCHECK_REPOSITORY/releases/download/$TRAILCHECK_REF/$archive"
    curl --fail --silent --show-error --location --retry 3 --output "$1/$archive" "$from" || return 1
    curl --fail --silent --show-error --location --retry 3 --output "$1/$archive.sha256" "$from.sha256" \
        || refuse "the release has no checksum: $from.sha256"
    # From here on a doubt is no reason to build: somebody may have changed the file.
    (cd "$1" && sha256sum --check --strict --quiet "$archive.sha256") || refuse "$archive is not what its checksum says"
    if command -v gh >/dev/null; then
        gh attestation verify "$1/$archive" --repo "$TRAILCHECK_REPOSITORY" || refuse "$archive has no provenance from $TRAILCHECK_REPOSITORY"
    else
        echo "note: gh is not installed, so the provenance of $archive was not verified, its checksum was" >&2
    fi
    tar -C "$1" -xzf "$1/$archive" trailcheck || refuse "$archive holds no trailcheck"
}

binary="$TRAILCHECK_BINARY"
if [ -z "$binary" ] && [[ "${TRAILCHECK_REF:-}" =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
    installed=$(mktemp -d)
    if download "$installed"; then binary="$installed/trailcheck"; fi
fi
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
if [ -n "${TRAILCHECK_BASELINE:-}" ]; then
    arguments+=(--baseline "$TRAILCHECK_BASELINE")
fi
if [ -n "${TRAILCHECK_UNKNOWN:-}" ]; then
    arguments+=(--unknown "$TRAILCHECK_UNKNOWN")
fi
if [ -n "${TRAILCHECK_EVIDENCE:-}" ]; then
    arguments+=(--evidence "$TRAILCHECK_OUTPUT_DIR/evidence.zip")
fi
arguments+=(--report text --report "html=$html" --report "junit=$junit" --report "sarif-upload=$sarif" --report "json=$json")
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
    if [ -f "$html" ]; then echo "html-file=$html"; fi
    if [ -f "$evidence" ]; then echo "evidence-file=$evidence"; fi
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
