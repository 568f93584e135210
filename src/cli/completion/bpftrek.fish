# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
#
# Completion of bpftrek(1) for fish. What may stand where, `bpftrek __complete` knows.

function __bpftrek_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l lines ($words[1] __complete $words[2..] "$word" 2>/dev/null)
    set -q lines[1]; or return
    set -l directive $lines[-1]
    set -e lines[-1]

    switch $directive
        case ':files'
            __fish_complete_path "$word"
        case ':command *'
            set -l first (math (string replace ':command ' '' -- $directive) + 2)
            complete -C (string join ' ' -- (string escape -- $words[$first..]) "$word")
        case '*'
            printf '%s\n' $lines
    end
end

complete -c bpftrek -f -k -a '(__bpftrek_complete)'
