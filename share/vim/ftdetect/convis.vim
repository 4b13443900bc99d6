" A scenario of convis is an .ini file with a [scenario] or a [task …] among its first lines
autocmd BufRead,BufNewFile *.ini if join(getline(1, 60), "\n") =~# '\%(^\|\n\)\s*\[\%(scenario\]\|task \)' | set filetype=convis | endif
