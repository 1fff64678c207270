/* Stands in for /dev/spidevX.Y: what the kernel would be asked goes to a simulated module.
 *
 * SPIDEV_DEVICE is the path to stand in for, SPIDEV_SOCKET where the module is served. The limit
 * of spidev's buffer is that of arm64: every transfer counts as a multiple of 128 bytes.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/spi/spidev.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BUFSIZ_OF_SPIDEV 4096
#define DMA_ALIGNMENT 128
#define DESCRIPTORS 1024

struct device {
    uint8_t open, mode, lsb_first, bits;
    uint32_t speed;
};

static struct device devices[DESCRIPTORS];
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static int is_device(const char *path)
{
    const char *device = getenv("SPIDEV_DEVICE");
    return device && path && strcmp(path, device) == 0;
}

static int open_device(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = getenv("SPIDEV_SOCKET");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || fd >= DESCRIPTORS || !path)
        goto failed;
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (connect(fd, (struct sockaddr *)&address, sizeof address))
        goto failed;
    devices[fd] = (struct device){ .open = 1, .bits = 8, .speed = 500000 };
    return fd;
failed:
    if (fd >= 0)
        close(fd);
    errno = ENXIO;
    return -1;
}

#define DEFINE_OPEN(name)                                                    \
    int name(const char *path, int flags, ...)                               \
    {                                                                        \
        static int (*real)(const char *, int, ...);                          \
        va_list arguments;                                                   \
        mode_t mode = 0;                                                     \
        if (is_device(path))                                                 \
            return open_device();                                            \
        if (!real)                                                           \
            real = dlsym(RTLD_NEXT, #name);                                  \
        if (flags & (O_CREAT | O_TMPFILE)) {                                 \
            va_start(arguments, flags);                                      \
            mode = va_arg(arguments, mode_t);                                \
            va_end(arguments);                                               \
        }                                                                    \
        return real(path, flags, mode);                                      \
    }

DEFINE_OPEN(open)
DEFINE_OPEN(open64)

int close(int fd)
{
    static int (*real)(int);
    if (!real)
        real = dlsym(RTLD_NEXT, "close");
    if (fd >= 0 && fd < DESCRIPTORS)
        devices[fd].open = 0;
    return real(fd);
}

static int transfer(int fd, void *data, size_t size, int out)
{
    char *at = data;
    while (size) {
        ssize_t done = out ? send(fd, at, size, MSG_NOSIGNAL) : recv(fd, at, size, 0);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            errno = ENODEV;
            return -1;
        }
        at += done;
        size -= done;
    }
    return 0;
}

static int message(int fd, const struct spi_ioc_transfer *transfers, unsigned count)
{
    struct __attribute__((packed)) {
        uint32_t size, count;
        uint16_t mode;
        uint8_t bits, unused;
    } head = { .count = count, .mode = devices[fd].mode, .bits = devices[fd].bits };
    struct __attribute__((packed)) {
        uint32_t length, speed;
        uint16_t delay;
        uint8_t cs_change, bits;
    } each;
    uint8_t data[sizeof head + 2 * BUFSIZ_OF_SPIDEV + 512 * sizeof each], *at = data + sizeof head;
    size_t aligned_out = 0, aligned_in = 0, total = 0;

    for (unsigned i = 0; i < count; i++) {
        size_t aligned = (transfers[i].len + DMA_ALIGNMENT - 1) / DMA_ALIGNMENT * DMA_ALIGNMENT;
        aligned_out += transfers[i].tx_buf ? aligned : 0;
        aligned_in += transfers[i].rx_buf ? aligned : 0;
        if (aligned_out > BUFSIZ_OF_SPIDEV || aligned_in > BUFSIZ_OF_SPIDEV) {
            errno = EMSGSIZE;
            return -1;
        }
        each.length = transfers[i].len;
        each.speed = transfers[i].speed_hz ? transfers[i].speed_hz : devices[fd].speed;
        each.delay = transfers[i].delay_usecs;
        each.cs_change = transfers[i].cs_change;
        each.bits = transfers[i].bits_per_word;
        memcpy(at, &each, sizeof each);
        at += sizeof each;
        if (transfers[i].tx_buf)
            memcpy(at, (void *)(uintptr_t)transfers[i].tx_buf, transfers[i].len);
        else
            memset(at, 0, transfers[i].len);
        at += transfers[i].len;
        total += transfers[i].len;
    }
    head.size = at - data - sizeof head;
    memcpy(data, &head, sizeof head);
    pthread_mutex_lock(&one_at_a_time);
    int failed = transfer(fd, data, at - data, 1) || transfer(fd, data, total, 0);
    pthread_mutex_unlock(&one_at_a_time);
    if (failed)
        return -1;
    at = data;
    for (unsigned i = 0; i < count; at += transfers[i++].len)
        if (transfers[i].rx_buf)
            memcpy((void *)(uintptr_t)transfers[i].rx_buf, at, transfers[i].len);
    return total;
}

static int control(int fd, unsigned long request, void *argument)
{
    struct device *device = &devices[fd];

    if (_IOC_TYPE(request) != SPI_IOC_MAGIC) {
        errno = ENOTTY;
        return -1;
    }
    switch (request) {
    case SPI_IOC_RD_MODE: *(uint8_t *)argument = device->mode; return 0;
    case SPI_IOC_WR_MODE: device->mode = *(uint8_t *)argument; return 0;
    case SPI_IOC_RD_MODE32: *(uint32_t *)argument = device->mode; return 0;
    case SPI_IOC_WR_MODE32: device->mode = *(uint32_t *)argument; return 0;
    case SPI_IOC_RD_LSB_FIRST: *(uint8_t *)argument = device->lsb_first; return 0;
    case SPI_IOC_WR_LSB_FIRST: device->lsb_first = *(uint8_t *)argument; return 0;
    case SPI_IOC_RD_BITS_PER_WORD: *(uint8_t *)argument = device->bits; return 0;
    case SPI_IOC_WR_BITS_PER_WORD: device->bits = *(uint8_t *)argument; return 0;
    case SPI_IOC_RD_MAX_SPEED_HZ: *(uint32_t *)argument = device->speed; return 0;
    case SPI_IOC_WR_MAX_SPEED_HZ: device->speed = *(uint32_t *)argument; return 0;
    }
    if (_IOC_NR(request) != 0 || _IOC_DIR(request) != _IOC_WRITE
        || _IOC_SIZE(request) % sizeof(struct spi_ioc_transfer)) {
        errno = EINVAL;
        return -1;
    }
    return message(fd, argument, _IOC_SIZE(request) / sizeof(struct spi_ioc_transfer));
}

int ioctl(int fd, unsigned long request, ...)
{
    static int (*real)(int, unsigned long, ...);
    va_list arguments;
    void *argument;

    va_start(arguments, request);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    if (fd >= 0 && fd < DESCRIPTORS && devices[fd].open)
        return control(fd, request, argument);
    if (!real)
        real = dlsym(RTLD_NEXT, "ioctl");
    return real(fd, request, argument);
}
