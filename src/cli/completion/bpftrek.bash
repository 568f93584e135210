# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
#
# Completion of bpftrek(1) for bash. What may stand where, `bpftrek __complete` knows.

_bpftrek() {
	local rest=${COMP_LINE:0:COMP_POINT} words=() lines=() starts=() i part before directive

	# Words are what white space parts; those of bash are broken at = and : too.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		part=${COMP_WORDS[i]}
		if [[ $rest == [[:space:]]* || ${#words[@]} == 0 ]]; then
			words+=('') starts+=("$i")
			rest=${rest#"${rest%%[![:space:]]*}"}
		fi
		[[ $rest == "$part"* ]] || part=$rest # the cursor is in it
		words[-1]+=$part
		rest=${rest#"$part"}
	done
	# What bash completes is $2, the end of the last word.
	before=${words[-1]%"$2"}
	before=${before//[\\\"\']/}
	words=("${words[@]//[\\\"\']/}")

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
		i=$((${directive#:command } + 1))
		if declare -F _comp_command_offset >/dev/null; then
			_comp_command_offset "${starts[i]}"
		elif declare -F _command_offset >/dev/null; then
			_command_offset "${starts[i]}"
		elif ((i == ${#words[@]} - 1)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$2")
		else
			compopt -o default
		fi
		return
		;;
	esac
	[[ $directive == *nospace* ]] && compopt -o nospace
	# (bash would quote the @ of NAME=@FILE.)
	[[ $directive == *paths* && $before$2 != *=@* ]] && compopt -o filenames

	lines=("${lines[@]%%$'\t'*}")
	COMPREPLY=("${lines[@]#"$before"}")
}

complete -F _bpftrek bpftrek
