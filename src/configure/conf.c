/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One parser for both dialects: a key, values up to the end of the statement, and blocks in braces. It is
 * more tolerant than the programs, whose own checkers decide in the end what is right; where it goes astray
 * it finds less, and what it did not find it does not change.
 *
 * An include is followed where a statement could begin. Bacula reads the file right there, so that a block
 * may begin in one file and end in another one. */

#include "configure/conf.h"

#include <ctype.h>
#include <string.h>

#include "util/text.h"

#define FILES_MAX 256
#define DEPTH_MAX 16 /* of includes */
#define BLOCK_MAX 16 /* of braces */

typedef struct Parser {
        Conf *conf;
        ConfLoad load;
        void *userdata;
        unsigned file;
        int block;
        unsigned block_depth, depth;
        size_t at;
        ConfStatement now; /* the statement being read */
        bool have_key, have_sign;
} Parser;

#define GROW(array, n)                                                                                       \
        ({                                                                                                   \
                typeof(array) _grown = reallocarray(array, (n) + 1, sizeof(*_grown));                        \
                if (_grown)                                                                                  \
                        array = _grown;                                                                      \
                _grown ? 0 : -ENOMEM;                                                                        \
        })

static void statement_deinit(ConfStatement *s)
{
        free(s->name);
        for (size_t i = 0; i < s->n_values; i++)
                free(s->values[i].text);
        free(s->values);
        *s = (ConfStatement){0};
}

Conf *conf_free(Conf *c)
{
        if (!c)
                return NULL;
        for (size_t i = 0; i < c->n_files; i++) {
                free(c->files[i].path);
                free(c->files[i].text);
                edit_list_deinit(&c->files[i].edits);
        }
        for (size_t i = 0; i < c->n_statements; i++)
                statement_deinit(&c->statements[i]);
        for (size_t i = 0; i < c->n_includes; i++)
                free(c->includes[i].path);
        free(c->files);
        free(c->blocks);
        free(c->statements);
        free(c->includes);
        free(c);
        return NULL;
}

/* ---- texts ---- */

/* Without quotes, escapes, and line ends inside of quotes. NULL when out of memory. */
static char *plain_text(const char *text, Span raw)
{
        char *plain = malloc(raw.n + 1), *to = plain;
        size_t end = raw.at + raw.n, at = raw.at;

        if (!plain)
                return NULL;
        if (raw.n > 0 && text[at] == '"') {
                at++;
                end -= raw.n > 1 && text[end - 1] == '"';
        }
        for (; at < end; at++) {
                if (text[at] == '\r' || text[at] == '\n')
                        continue;
                if (text[at] == '\\' && at + 1 < end)
                        at++;
                *to++ = text[at];
        }
        *to = '\0';
        return plain;
}

static const char *file_text(const Parser *p)
{
        return p->conf->files[p->file].text;
}

static char *key_name(Dialect dialect, const char *text, Span key)
{
        char *name = malloc(key.n + 1), *to = name;

        if (!name)
                return NULL;
        for (size_t i = 0; i < key.n; i++) {
                char c = text[key.at + i];

                if (dialect == DIALECT_BACULA && isspace((unsigned char) c))
                        continue;
                *to++ = c == '_' && dialect == DIALECT_AMANDA ? '-' : (char) tolower((unsigned char) c);
        }
        *to = '\0';
        return name;
}

/* ---- statements ---- */

static int end_statement(Parser *p)
{
        Conf *c = p->conf;
        int r;

        if (!p->have_key) {
                statement_deinit(&p->now);
                return 0;
        }
        p->now.name = key_name(c->dialect, file_text(p), p->now.key);
        r = p->now.name ? GROW(c->statements, c->n_statements) : -ENOMEM;
        if (r < 0)
                return r;
        p->now.file = p->file;
        p->now.block = p->block;
        c->statements[c->n_statements++] = p->now;
        p->now = (ConfStatement){0};
        p->have_key = p->have_sign = false;
        return 0;
}

static int open_block(Parser *p, size_t at)
{
        Conf *c = p->conf;
        int r;

        if (p->block_depth >= BLOCK_MAX)
                return -ELOOP;
        p->have_key = true; /* a { without anything before it is a block as well */
        r = end_statement(p);
        if (r >= 0)
                r = GROW(c->blocks, c->n_blocks);
        if (r < 0)
                return r;
        c->blocks[c->n_blocks] = (ConfBlock){
                .head = c->n_statements - 1,
                .parent = p->block,
                .open_file = p->file,
                .open_at = at,
                .close_file = p->file,
                .close_at = c->files[p->file].n_text,
        };
        p->block = (int) c->n_blocks++;
        p->block_depth++;
        return 0;
}

static int close_block(Parser *p, size_t at)
{
        int r = end_statement(p);

        if (r < 0 || p->block == CONF_TOP)
                return r;
        p->conf->blocks[p->block].close_file = p->file;
        p->conf->blocks[p->block].close_at = at;
        p->block = p->conf->blocks[p->block].parent;
        p->block_depth--;
        return 0;
}

static int add_value(Parser *p, Span raw, bool quoted)
{
        ConfValue v = {.raw = raw, .quoted = quoted, .text = plain_text(file_text(p), raw)};

        if (!v.text)
                return -ENOMEM;
        if (GROW(p->now.values, p->now.n_values) < 0) {
                free(v.text);
                return -ENOMEM;
        }
        p->now.values[p->now.n_values++] = v;
        return 0;
}

/* Bacula's key is all before the = or {, Amanda's is the first word. */
static int add_word(Parser *p, Span raw, bool quoted)
{
        bool in_key = p->conf->dialect == DIALECT_BACULA ? !p->have_sign : !p->have_key;

        if (!in_key)
                return add_value(p, raw, quoted);
        if (!p->have_key)
                p->now.key.at = raw.at;
        p->now.key.n = raw.at + raw.n - p->now.key.at;
        p->have_key = true;
        return 0;
}

static int on_punctuation(Parser *p, size_t at)
{
        switch (file_text(p)[at]) {
        case '{':
                return open_block(p, at);
        case '}':
                return close_block(p, at);
        case ';':
                return end_statement(p);
        case '=':
                p->have_sign = p->have_key;
                return 0;
        default: /* a comma between values */
                return 0;
        }
}

/* ---- includes ---- */

static int parse_file(Parser *p);

static int find_file(const Conf *c, const char *path)
{
        for (size_t i = 0; i < c->n_files; i++)
                if (text_equal(c->files[i].path, path))
                        return (int) i;
        return -ENOENT;
}

/* Index of the file, or -errno. */
static int load_file(Parser *p, const char *path)
{
        _cleanup_free_ char *copy = strdup(path), *text = NULL;
        size_t n;
        int r;

        if (!copy)
                return -ENOMEM;
        if (p->conf->n_files >= FILES_MAX)
                return -ELOOP;
        r = p->load(p->userdata, path, &text, &n);
        if (r < 0)
                return r;
        r = GROW(p->conf->files, p->conf->n_files);
        if (r < 0)
                return r;
        p->conf->files[p->conf->n_files] =
                (ConfFile){.path = TAKE_PTR(copy), .text = TAKE_PTR(text), .n_text = n};
        return (int) p->conf->n_files++;
}

static int parse_included(Parser *p, unsigned file)
{
        unsigned old_file = p->file;
        size_t old_at = p->at;
        int r;

        if (p->depth >= DEPTH_MAX)
                return -ELOOP;
        p->depth++;
        p->file = file;
        p->at = 0;
        r = parse_file(p);
        p->depth--;
        p->file = old_file;
        p->at = old_at;
        return r;
}

static int follow(Parser *p, Span raw, char *path, bool command)
{
        Conf *c = p->conf;
        int target = -ENOENT;

        if (!path || GROW(c->includes, c->n_includes) < 0) {
                free(path);
                return -ENOMEM;
        }
        c->includes[c->n_includes] =
                (ConfInclude){.file = p->file, .raw = raw, .path = path, .target = -1, .command = command};
        c->n_includes++;
        if (command)
                return 0;
        target = find_file(c, path);
        if (target >= 0) { /* read already, and what it says stands already where it was first */
                c->includes[c->n_includes - 1].target = target;
                return 0;
        }
        target = load_file(p, path);
        if (target == -ENOMEM || target == -ELOOP)
                return target;
        if (target < 0)
                return 0;
        c->includes[c->n_includes - 1].target = target;
        return parse_included(p, (unsigned) target);
}

static int on_include(Parser *p, Span raw)
{
        bool command = raw.n > 1 && file_text(p)[raw.at + 1] == '|';
        size_t skip = command ? 2 : 1;

        if (p->have_key) { /* Password = @FILE */
                p->have_sign = true;
                return add_value(p, raw, false);
        }
        return follow(p, raw, plain_text(file_text(p), (Span){raw.at + skip, raw.n - skip}), command);
}

/* Amanda's is a statement; its file is read when that has ended. */
static int on_line_end(Parser *p)
{
        Conf *c = p->conf;
        const ConfStatement *s;
        size_t n = c->n_statements;
        int r = end_statement(p);

        if (r < 0 || c->dialect != DIALECT_AMANDA || c->n_statements == n)
                return r;
        s = &c->statements[n];
        if (!text_equal(s->name, "includefile") || s->n_values == 0)
                return 0;
        return follow(p, s->values[0].raw, strdup(s->values[0].text), false);
}

/* ---- */

static int on_piece(Parser *p, Piece piece)
{
        switch (piece.type) {
        case PIECE_BLANK:
        case PIECE_COMMENT:
                return 0;
        case PIECE_EOL:
                /* Bacula: the { may stand on a later line */
                if (p->conf->dialect == DIALECT_BACULA && p->have_key && !p->have_sign)
                        return 0;
                return on_line_end(p);
        case PIECE_END:
                return on_line_end(p);
        case PIECE_WORD:
                return add_word(p, piece.span, false);
        case PIECE_QUOTED:
                return add_word(p, piece.span, true);
        case PIECE_PUNCT:
                return on_punctuation(p, piece.span.at);
        case PIECE_INCLUDE:
                return on_include(p, piece.span);
        case _PIECE_TYPE_MAX:
                break;
        }
        return 0;
}

static int parse_file(Parser *p)
{
        Piece piece;
        int r;

        do {
                const ConfFile *f = &p->conf->files[p->file];

                piece = lexer_next(p->conf->dialect, f->text, f->n_text, p->at);
                p->at = piece.span.at + piece.span.n;
                r = on_piece(p, piece);
        } while (r >= 0 && piece.type != PIECE_END);
        return r;
}

int conf_parse(Dialect dialect, const char *path, ConfLoad load, void *userdata, Conf **ret)
{
        _cleanup_(conf_freep) Conf *c = calloc(1, sizeof(*c));
        Parser p = {.conf = c, .load = load, .userdata = userdata, .block = CONF_TOP};
        int r;

        if (!c)
                return -ENOMEM;
        c->dialect = dialect;
        r = load_file(&p, path);
        if (r >= 0)
                r = parse_file(&p);
        statement_deinit(&p.now);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

int conf_find(const Conf *c, int block, const char *name, size_t from)
{
        for (size_t i = from; i < c->n_statements; i++)
                if (c->statements[i].block == block && text_equal(c->statements[i].name, name))
                        return (int) i;
        return -1;
}

const char *conf_first(const Conf *c, int block, const char *name)
{
        int i = conf_find(c, block, name, 0);

        return i >= 0 && c->statements[i].n_values > 0 ? c->statements[i].values[0].text : NULL;
}

size_t conf_line(const ConfFile *f, size_t at)
{
        size_t line = 1;

        for (size_t i = 0; i < at && i < f->n_text; i++)
                line += f->text[i] == '\n';
        return line;
}

const char *conf_eol(const ConfFile *f)
{
        const char *end = memchr(f->text, '\n', f->n_text);

        return end && end > f->text && end[-1] == '\r' ? "\r\n" : "\n";
}
