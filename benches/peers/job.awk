# The groups of what job.jq prints. An event delivered twice is one.
BEGIN { FS = OFS = "\t" }
!seen[$8]++ {
    group = $1 OFS $2 OFS $3 OFS $4 OFS $5 OFS $6
    if (!count[group]++) { first[group] = last[group] = $7; example[group] = $8 }
    if ($7 < first[group]) first[group] = $7
    if ($7 > last[group]) last[group] = $7
}
END { for (group in count) print group, count[group], first[group], last[group], example[group] }
