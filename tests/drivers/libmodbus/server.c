/* A Modbus device made of libmodbus alone: `server tcp PORT` or `server rtu DEVICE BAUD`, unit 7.
 * Holding and input register n holds n + 100 at the start, coil and discrete input n is n % 2. Prints "ready". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <modbus/modbus.h>

enum { UNIT = 7, COUNT = 200 };

static void serve(modbus_t *context, modbus_mapping_t *map)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    for (;;) {
        int length = modbus_receive(context, query);
        if (length > 0) {
            modbus_reply(context, query, length, map);
        } else if (length == -1 && errno != EMBBADCRC && errno != ETIMEDOUT) {
            return;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    int is_tcp = strcmp(argv[1], "tcp") == 0;
    modbus_t *context =
        is_tcp ? modbus_new_tcp("127.0.0.1", atoi(argv[2])) : modbus_new_rtu(argv[2], atoi(argv[3]), 'N', 8, 1);
    modbus_mapping_t *map = modbus_mapping_new(COUNT, COUNT, COUNT, COUNT);
    if (context == NULL || map == NULL) {
        return 1;
    }
    for (int n = 0; n < COUNT; n++) {
        map->tab_registers[n] = map->tab_input_registers[n] = (uint16_t) (n + 100);
        map->tab_bits[n] = map->tab_input_bits[n] = (uint8_t) (n % 2);
    }
    modbus_set_slave(context, UNIT);
    int listening = is_tcp ? modbus_tcp_listen(context, 1) : -1;
    if (is_tcp ? listening == -1 : modbus_connect(context) == -1) {
        fprintf(stderr, "%s\n", modbus_strerror(errno));
        return 1;
    }
    puts("ready");
    fflush(stdout);
    do {
        if (is_tcp && modbus_tcp_accept(context, &listening) == -1) {
            return 1;
        }
        serve(context, map);
    } while (is_tcp);
    return 0;
}
