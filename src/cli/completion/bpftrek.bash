# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
#
# Completion of bpftrek(1) for bash. What may stand where, `bpftrek __complete` knows.

_bpftrek() {
	local line=${COMP_LINE:0:COMP_POINT} word directive before words=() lines=()

	# Words are what white space parts; bash would break them at = and : too.
	read -a words <<<"$line"
	[[ $line == *[[:space:]] && $line != *\\[[:space:]] ]] && words+=('')
	word=${words[-1]}
	COMPREPLY=()

	mapfile -t lines < <("${words[0]/#\~\//$HOME/}" __complete "${words[@]:1}" 2>/dev/null)
	((${#lines[@]})) || return
	directive=${lines[-1]}
	unset 'lines[-1]'

	case $directive in
	:files)
		compopt -o default
		return
		;;
	':command '*)
		local first=$((${directive#:command } + 1))
		if declare -F _comp_command_offset >/dev/null; then
			_comp_command_offset "$first"
		elif declare -F _command_offset >/dev/null; then
			_command_offset "$first"
		elif ((first == ${#words[@]} - 1)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$2")
		else
			compopt -o default
		fi
		return
		;;
	esac
	[[ $directive == *nospace* ]] && compopt -o nospace
	# (bash would quote the @ of NAME=@FILE.)
	[[ $directive == *paths* && $word != *=@* ]] && compopt -o filenames

	# What readline completes is the part after the last = or :, which is $2.
	before=${word%"$2"}
	[[ $2 == = || $2 == : ]] && before=$word
	lines=("${lines[@]%%$'\t'*}")
	COMPREPLY=("${lines[@]#"$before"}")
}

complete -F _bpftrek bpftrek
