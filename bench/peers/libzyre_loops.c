/*  The loops of a measurement around libzyre, so that no Python runs in them.
 *
 *  Compiled when a measurement starts; the zyre_ and zmsg_ functions are found in the wheel that is loaded already.
 *  Every loop ends by itself when zyre_recv times out (it then returns NULL), and returns how far it got.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct zyre zyre_t;
typedef struct zmsg zmsg_t;
typedef struct zframe zframe_t;

extern zmsg_t *zyre_recv (zyre_t *self);
extern int zyre_whisper (zyre_t *self, const char *peer, zmsg_t **msg_p);
extern int zyre_shout (zyre_t *self, const char *group, zmsg_t **msg_p);
extern zmsg_t *zmsg_new (void);
extern void zmsg_destroy (zmsg_t **self_p);
extern int zmsg_addmem (zmsg_t *self, const void *data, size_t size);
extern zframe_t *zmsg_first (zmsg_t *self);
extern char *zmsg_popstr (zmsg_t *self);
extern unsigned char *zframe_data (zframe_t *self);
extern size_t zframe_size (zframe_t *self);

static double now (void)
{
    struct timespec t;
    clock_gettime (CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int is (zmsg_t *msg, const char *type)
{
    zframe_t *frame = zmsg_first (msg);
    size_t size = strlen (type);
    return frame && zframe_size (frame) == size && memcmp (zframe_data (frame), type, size) == 0;
}

static zmsg_t *message (const void *data, size_t size)
{
    zmsg_t *msg = zmsg_new ();
    zmsg_addmem (msg, data, size);
    return msg;
}

int bench_flood (zyre_t *node, const char *peer, const void *data, size_t size, int n)
{
    for (int done = 0; done < n; done++) {
        zmsg_t *msg = message (data, size);
        zyre_whisper (node, peer, &msg);
    }
    return n;
}

int bench_shout (zyre_t *node, const char *group, const void *data, size_t size, int n)
{
    for (int done = 0; done < n; done++) {
        zmsg_t *msg = message (data, size);
        zyre_shout (node, group, &msg);
    }
    return n;
}

int bench_count (zyre_t *node, int n)
{
    int done = 0;
    while (done < n) {
        zmsg_t *msg = zyre_recv (node);
        if (!msg)
            break;
        if (is (msg, "WHISPER") || is (msg, "SHOUT"))
            done++;
        zmsg_destroy (&msg);
    }
    return done;
}

int bench_echo (zyre_t *node, int n)
{
    int done = 0;
    while (done < n) {
        zmsg_t *msg = zyre_recv (node);
        if (!msg)
            break;
        if (is (msg, "WHISPER")) {
            free (zmsg_popstr (msg));
            char *peer = zmsg_popstr (msg);
            free (zmsg_popstr (msg));
            zyre_whisper (node, peer, &msg);
            free (peer);
            done++;
        }
        else
            zmsg_destroy (&msg);
    }
    return done;
}

int bench_ping (zyre_t *node, const char *peer, const void *data, size_t size, int n, double *microseconds)
{
    for (int done = 0; done < n; done++) {
        double began = now ();
        zmsg_t *msg = message (data, size);
        zyre_whisper (node, peer, &msg);
        int answered = 0;
        while (!answered) {
            msg = zyre_recv (node);
            if (!msg)
                return done;
            answered = is (msg, "WHISPER");
            zmsg_destroy (&msg);
        }
        microseconds[done] = (now () - began) * 1e6;
    }
    return n;
}
