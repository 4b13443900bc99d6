/* The clock: TSC ticks where the processor says they are invariant, and the line that maps them to nanoseconds. */
#include "convis/base.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <string.h>

/* A kernel that keeps time by one of these has found the TSC wanting, whatever the processor says of it. */
static bool distrusted(void)
{
    static const char *const instead[] = {"hpet", "acpi_pm", "jiffies", "refined-jiffies"};
    char name[32] = "";
    FILE *f = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
    if (!f)
        return false;
    bool read = fgets(name, sizeof name, f) != NULL;
    fclose(f);
    name[strcspn(name, "\n")] = 0;
    for (size_t i = 0; read && i < CV_COUNT(instead); i++) {
        if (!strcmp(name, instead[i]))
            return true;
    }
    return false;
}
#endif

bool cv_clock_tsc;

void cv_clock_init(void)
{
#if defined(__x86_64__)
    unsigned a, b, c, d;
    cv_clock_tsc = __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8)) /* invariant TSC */ && !distrusted();
#endif
}

const char *cv_clock_name(void)
{
    return cv_clock_tsc ? "tsc" : "vdso";
}

struct cv_clock_pair cv_clock_pair(void)
{
    struct cv_clock_pair best = {0};
    uint64_t width = UINT64_MAX;
    for (int i = 0; i < 8; i++) {
        uint64_t before = cv_ticks(), ns = cv_mono_ns(), after = cv_ticks();
        if (after - before < width) {
            width = after - before;
            best = (struct cv_clock_pair){before + width / 2, ns};
        }
    }
    return best;
}

uint64_t cv_clock_ns(struct cv_clock_pair early, struct cv_clock_pair late, uint64_t ticks)
{
    if (late.ticks <= early.ticks)
        return early.ns;
    __int128 ns =
        (__int128)((int64_t)(ticks - early.ticks)) * (int64_t)(late.ns - early.ns) / (int64_t)(late.ticks - early.ticks);
    ns += early.ns;
    return ns < 0 ? 0 : (uint64_t)ns;
}
