" Vim syntax file for scenarios of convis, see convis-scenario(5)
if exists("b:current_syntax")
  finish
endif
syn case match

syn match   convisComment     "\%(^\|\s\)\@1<=[;#].*$" contains=convisTodo
syn keyword convisTodo        contained TODO FIXME XXX
syn match   convisSection     "^\s*\[\s*\%(scenario\|params\|shared memory\|shared\|sync\|task\|main\|expect\|goal\|note\|predict\)\>[^]]*\]" contains=convisModel,convisString,convisNumber,convisAt
syn match   convisAt          contained "\<\%(for\|in\|x\|mark\|line\|at\|model\|task\|note\|expect\|goal\)\>"
syn match   convisSetting     "^\s*\%(title\|about\|model\|models\|gil\|switch_interval\|cores\|pool\|pace\|timeout\|schedule\|history\|question\|answer\|because\)\ze\s*="
syn keyword convisModel       async threads processes gil stepped
syn keyword convisStatement   print spin until check mark sleep fetch yield lock unlock acquire release put get spawn join
syn keyword convisStatement   alloc fail crash offload wait notify notify_all set clear barrier pin nice cpu nogil append pass
syn keyword convisAwait       await atomic
syn keyword convisConditional if elif else
syn keyword convisRepeat      repeat while for in break continue return with
syn keyword convisKind        semaphore queue condition event
syn keyword convisBuiltin     me name pid tid core now output elapsed cpu_time cores_used switches voluntary involuntary awaits
syn keyword convisBuiltin     loop_lag lost_updates stale_reads deadlock failed memory_per_task sometimes never
syn keyword convisFunction    len min max random cas sorted count copies
syn keyword convisConstant    none true false
syn keyword convisOperator    and or not
syn match   convisNumber      "\<\d\+\%(\.\d\+\)\?\%(ns\|us\|µs\|ms\|s\|K\|M\|G\|T\)\?\>"
syn match   convisOperator    "[-+*/%<>=!]=\?\|\.\.\|->"
syn region  convisString      start=+"+ skip=+\\.+ end=+"+ end=+$+ contains=convisEscape,convisHole
syn match   convisEscape      contained "\\\%([nt\"\\{}]\|u{\x\+}\)"
syn region  convisHole        contained start="{" end="}" contains=convisBuiltin,convisFunction,convisNumber,convisOperator

hi def link convisComment     Comment
hi def link convisTodo        Todo
hi def link convisSection     Structure
hi def link convisAt          Keyword
hi def link convisSetting     Identifier
hi def link convisModel       Type
hi def link convisStatement   Statement
hi def link convisAwait       Special
hi def link convisConditional Conditional
hi def link convisRepeat      Repeat
hi def link convisKind        Type
hi def link convisBuiltin     Identifier
hi def link convisFunction    Function
hi def link convisConstant    Constant
hi def link convisOperator    Operator
hi def link convisNumber      Number
hi def link convisString      String
hi def link convisEscape      SpecialChar
hi def link convisHole        Identifier

let b:current_syntax = "convis"
