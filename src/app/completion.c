/* `convis completion SHELL`: completions for bash, zsh and fish, made from the tables of commands and options. Names of the
 * shipped scenarios are asked of `convis list` when they are wanted, so that they are those of today. */
#include <string.h>

#include "app/app.h"

/* Words an option's argument can be, by the name it has in the table; none: anything, or a file. */
static void add_values(const struct app_option_info *o, struct cv_buf *out)
{
    if (!o->argument)
        return;
    if (!strcmp(o->argument, "MODEL")) {
        for (size_t i = 0; cv_engines[i]; i++)
            if (strcmp(cv_engines[i]->name, "stepped"))
                cv_buf_printf(out, "%s stepped:%s ", cv_engines[i]->name, cv_engines[i]->name);
        cv_buf_str(out, "threads+gil");
    } else if (!strcmp(o->name, "switch-source")) {
        for (size_t i = 0; cv_sources[i]; i++)
            cv_buf_printf(out, "%s%s", i ? " " : "", cv_sources[i]->name);
    } else if (!strcmp(o->name, "theme")) {
        for (int i = 0; cv_theme_name(i); i++)
            cv_buf_printf(out, "%s%s", i ? " " : "", cv_theme_name(i));
    } else if (!strcmp(o->argument, "PARTS")) {
        cv_buf_str(out, "states counts traces schedules findings");
    } else if (!strcmp(o->argument, "FORMAT")) {
        cv_buf_str(out, "text ansi svg");
    } else if (!strcmp(o->argument, "WxH")) {
        cv_buf_str(out, "80x24 120x36 200x60");
    }
}

static bool takes_file(const struct app_option_info *o) { return o->argument && !strcmp(o->argument, "FILE"); }
static bool shown(const struct app_option_info *o) { return o->commands != 0; }
static bool shown_command(const struct app_command_info *c) { return *c->name && c->command != APP_LATER; }

/* A summary within single quotes of a shell. */
static void quoted(FILE *to, const char *s, const char *also)
{
    for (; *s; s++) {
        if (*s == '\'')
            fputs("'\\''", to);
        else if (strchr(also, *s))
            fprintf(to, "\\%c", *s);
        else
            fputc(*s, to);
    }
}

/* What the program itself is asked for when it is wanted. */
#define TOPICS "convis help 2>/dev/null | sed -n '/^Topics/,/^$/s/^  \\([a-z][a-z]*\\)  .*/\\1/p'"
#define LESSONS "convis list 2>/dev/null | grep -v '^#' | cut -d' ' -f1"

/* bash splits the words at = and : too; the line is taken as it is written, and what it has before the split is not offered again. */
static void bash(FILE *to)
{
    fputs("# bash completion for convis; made by `convis completion bash`\n_convis()\n{\n"
          "    local line=${COMP_LINE:0:COMP_POINT} command= before word kept i\n    local -a words\n    COMPREPLY=()\n"
          "    read -ra words <<<\"$line\"\n    [[ $line == *[[:space:]] ]] && words+=('')\n"
          "    word=${words[-1]} before=${words[-2]}\n"
          "    for ((i = 1; i < ${#words[@]} - 1; i++)); do\n        case ${words[i]} in\n        -*) ;;\n"
          "        *) command=${words[i]}; break ;;\n        esac\n    done\n"
          "    case $word in\n    --*=*) before=${word%%=*} word=${word#*=} ;;\n    esac\n"
          "    kept=${word%\"${word##*:}\"}\n    [[ $COMP_WORDBREAKS == *:* ]] || kept=\n"
          "    case $before in\n",
          to);
    for (const struct app_option_info *o = app_options; o->code; o++) {
        struct cv_buf values = {0};
        if (!shown(o) || !o->argument)
            continue;
        add_values(o, &values);
        fprintf(to, "    --%s", o->name);
        if (o->letter)
            fprintf(to, " | -%c", o->letter);
        if (takes_file(o))
            fputs(")\n        COMPREPLY=($(compgen -f -- \"$word\"))\n", to);
        else
            fprintf(to, ")\n        COMPREPLY=($(compgen -W '%s' -- \"$word\"))\n        COMPREPLY=(\"${COMPREPLY[@]#\"$kept\"}\")\n", values.at ? values.at : "");
        fputs("        return\n        ;;\n", to);
        cv_buf_release(&values);
    }
    fputs("    esac\n    case $word in\n    -*)\n        COMPREPLY=($(compgen -W '", to);
    for (const struct app_option_info *o = app_options; o->code; o++)
        if (shown(o))
            fprintf(to, "%s--%s", o == app_options ? "" : " ", o->name);
    fputs("' -- \"$word\"))\n        return\n        ;;\n    esac\n    case $command in\n"
          "    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\")) ;;\n"
          "    help) COMPREPLY=($(compgen -W \"$(" TOPICS ")\" -- \"$word\")) ;;\n"
          "    list | new) ;;\n    verify) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n    *)\n"
          "        COMPREPLY=($(compgen -W \"$(" LESSONS ")\" -- \"$word\") $(compgen -f -X '!*.ini' -- \"$word\") $(compgen -f -X '!*.convis' -- \"$word\") $(compgen -d -S / -- \"$word\"))\n"
          "        [ -n \"$command\" ] || COMPREPLY+=($(compgen -W '",
          to);
    bool first = true;
    for (const struct app_command_info *c = app_commands; c->name; c++)
        if (shown_command(c)) {
            fprintf(to, "%s%s", first ? "" : " ", c->name);
            first = false;
        }
    fputs("' -- \"$word\"))\n        ;;\n    esac\n}\ncomplete -o filenames -F _convis convis\n", to);
}

static void zsh(FILE *to)
{
    fputs("#compdef convis\n# zsh completion for convis; made by `convis completion zsh`\n"
          "_convis_scenarios() { local -a names; names=(${(f)\"$(" LESSONS ")\"}); compadd -a names; _files -g '*.(ini|convis)' }\n"
          "_convis_operand() {\n    local -a topics\n    case ${${words[2,CURRENT-1]:#-*}[1]} in\n    completion) compadd bash zsh fish ;;\n"
          "    help) topics=(${(f)\"$(" TOPICS ")\"}); compadd -a topics ;;\n"
          "    list | new) ;;\n    verify) _files ;;\n    *) _convis_scenarios ;;\n    esac\n}\n"
          "_convis_first() {\n    local -a commands\n    commands=(\n",
          to);
    for (const struct app_command_info *c = app_commands; c->name; c++)
        if (shown_command(c)) {
            fprintf(to, "        '%s:", c->name);
            quoted(to, c->summary, ":");
            fputs("'\n", to);
        }
    fputs("    )\n    _describe command commands\n    _convis_scenarios\n}\n_arguments -S \\\n", to);
    for (const struct app_option_info *o = app_options; o->code; o++) {
        struct cv_buf values = {0};
        if (!shown(o))
            continue;
        add_values(o, &values);
        for (int form = o->letter ? 0 : 1; form < 2; form++) {
            if (form)
                fprintf(to, "    '--%s%s[", o->name, o->argument ? "=" : "");
            else
                fprintf(to, "    '-%c[", o->letter);
            quoted(to, o->summary, "[]:");
            fputs("]", to);
            if (takes_file(o))
                fprintf(to, ":%s:_files", o->argument);
            else if (o->argument) {
                fprintf(to, ":%s:(", o->argument);
                quoted(to, values.at ? values.at : "", ":");
                fputs(")", to);
            }
            fputs("' \\\n", to);
        }
        cv_buf_release(&values);
    }
    fputs("    '1: :_convis_first' '*: :_convis_operand'\n", to);
}

static void fish(FILE *to)
{
    static const char lessons[] = "(convis list 2>/dev/null | string match -v \"#*\" | string replace -r \"  +\" \\t)";
    fprintf(to, "# fish completion for convis; made by `convis completion fish`\n"
            "complete -c convis -n '__fish_seen_subcommand_from completion help list new' -f\n"
            "complete -c convis -n __fish_use_subcommand -a '%s'\n", lessons);
    fputs("complete -c convis -n '__fish_seen_subcommand_from", to);
    for (const struct app_command_info *c = app_commands; c->name; c++)
        if (shown_command(c) && !strncmp(c->operands, "FILE", 4) && c->command != APP_VERIFY)
            fprintf(to, " %s", c->name);
    fprintf(to, "' -a '%s'\n"
            "complete -c convis -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n"
            "complete -c convis -n '__fish_seen_subcommand_from help' -a '(convis help 2>/dev/null | sed -n \"/^Topics/,/^\\$/s/^  \\([a-z][a-z]*\\)  .*/\\1/p\")'\n", lessons);
    for (const struct app_command_info *c = app_commands; c->name; c++)
        if (shown_command(c)) {
            fprintf(to, "complete -c convis -n __fish_use_subcommand -a %s -d '", c->name);
            quoted(to, c->summary, "");
            fputs("'\n", to);
        }
    for (const struct app_option_info *o = app_options; o->code; o++) {
        struct cv_buf values = {0};
        if (!shown(o))
            continue;
        add_values(o, &values);
        fprintf(to, "complete -c convis -l %s", o->name);
        if (o->letter)
            fprintf(to, " -s %c", o->letter);
        if (takes_file(o))
            fputs(" -r -F", to);
        else if (o->argument)
            fprintf(to, " -x -a '%s'", values.at ? values.at : "");
        fputs(" -d '", to);
        quoted(to, o->summary, "");
        fputs("'\n", to);
        cv_buf_release(&values);
    }
}

int app_completion(const struct app_args *a)
{
    static const struct { const char *name; void (*write)(FILE *to); } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < CV_COUNT(shells); i++)
        if (!strcmp(shells[i].name, a->operands[0])) {
            shells[i].write(stdout);
            return APP_OK;
        }
    return app_say(APP_WRONG, "no completions for '%s'; shells are bash, zsh, fish", a->operands[0]);
}
