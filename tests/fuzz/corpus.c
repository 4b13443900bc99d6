/* The corpus of a fuzzer, without the fuzzer: every member of tests/fuzz/NAME.ar (this program's name; an archive as ar(1) writes it) goes
 * through the function that the fuzzer drives; whatever is not as it should be ends this program. TAP. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    enum { HEAD = 60, SIZE_AT = 48, LARGEST = 1 << 16, FEWEST = 50 };
    const char *tests = getenv("CV_TESTS"), *name = argc > 0 && strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : "";
    char head[HEAD + 1] = "", path[900];
    snprintf(path, sizeof path, "%s/fuzz/%s.ar", tests ? tests : "tests", name);
    FILE *f = fopen(path, "rb");
    unsigned n = 0;
    if (!f || fread(head, 1, 8, f) != 8 || memcmp(head, "!<arch>\n", 8)) {
        printf("not ok 1 - %s is no archive\n", path);
        return 1;
    }
    while (fread(head, 1, HEAD, f) == HEAD) {
        size_t length = strtoul(head + SIZE_AT, NULL, 10);
        uint8_t *data = malloc(length ? length : 1); /* no larger, so that a sanitizer sees what reads beyond it */
        if (length > LARGEST || !data || fread(data, 1, length, f) != length) {
            printf("not ok 1 - %s: a member is cut off\n", path);
            return 1;
        }
        if (!(head[0] == '/' && head[1] == '/')) { /* the table of long names is no member */
            fprintf(stderr, "%.16s\n", head); /* the last one is to blame if this ends here */
            LLVMFuzzerTestOneInput(data, length);
            n++;
        }
        free(data);
        if (ftell(f) & 1)
            fgetc(f);
    }
    fclose(f);
    printf("%sok 1 - all %u inputs of the corpus\n1..1\n", n >= FEWEST ? "" : "not ", n);
    return n < FEWEST;
}
