"""A service with django-outbox-pattern: messages are stored in the transaction of the business row,
and the library's producer sends them over STOMP to RabbitMQ.

    python host.py setup
    python host.py write COUNT [LARGE...]       (the numbers of events with a long name)
    python host.py relay [--refuse BYTES] [--die-after COUNT]
"""

import argparse
import os
import time
from urllib.parse import urlsplit
from uuid import uuid4

import django
import stomp
from django.conf import settings
from stomp.exception import StompException

AT_MOST_SECONDS = 40


class Connection(stomp.StompConnection12):
    """The library's connection, which refuses what is too large, or stands in front of a power cut."""

    refuse = float("inf")
    die_after = float("inf")
    left = 0

    def send(self, destination, body, **kwargs):
        if self.left == self.die_after:
            # What left has left: the connection is drained before the process is gone.
            self.disconnect()
            while self.is_connected():
                time.sleep(0.01)
            os._exit(137)
        if len(body) >= self.refuse:
            raise StompException("the broker takes no message that large")
        super().send(destination, body, **kwargs)
        Connection.left += 1


def configure():
    """Everything a settings module would say."""
    database, broker = urlsplit(os.environ["HOST_DATABASE"]), urlsplit(os.environ["HOST_BROKER"])
    settings.configure(
        INSTALLED_APPS=["django_outbox_pattern"],
        USE_TZ=True,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": database.hostname,
                "PORT": database.port,
                "USER": database.username,
                "PASSWORD": database.password,
                "NAME": database.path[1:],
            }
        },
        DJANGO_OUTBOX_PATTERN={
            "DEFAULT_CONNECTION_CLASS": f"{__name__}.Connection",
            "DEFAULT_STOMP_HOST_AND_PORTS": [(broker.hostname, broker.port)],
            "DEFAULT_STOMP_VHOST": broker.path[1:],
            "DEFAULT_STOMP_USERNAME": broker.username,
            "DEFAULT_STOMP_PASSCODE": broker.password,
            "DEFAULT_MAXIMUM_RETRY_ATTEMPTS": 2,
            "DEFAULT_PRODUCER_WAITING_TIME": 0,
        },
    )
    django.setup()


def setup():
    """Lets the library make its tables."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE products (id uuid PRIMARY KEY, name text NOT NULL)")


def add(number, large):
    """The service's business: one row, one message, one transaction."""
    from django.db import connection, transaction
    from django_outbox_pattern.models import Published

    product, name = uuid4(), f"product {number}" + " long" * (1000 if large else 0)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO products (id, name) VALUES (%s, %s)", [product, name])
        event = Published.objects.create(
            destination=f"/exchange/{os.environ['HOST_DESTINATION']}/product",
            body={"productId": str(product), "name": name},
        )
    return event.id


def relay():
    """What the library's `publish` command does for ever, until nothing is scheduled any more."""
    from django_outbox_pattern.choices import StatusChoice
    from django_outbox_pattern.factories import factory_producer
    from django_outbox_pattern.models import Published

    producer = factory_producer()
    deadline = time.monotonic() + AT_MOST_SECONDS
    while Published.objects.filter(status=StatusChoice.SCHEDULE).exists():
        if time.monotonic() > deadline:
            raise SystemExit("messages stay scheduled")
        producer.publish_message_from_database()


def main():
    arguments = argparse.ArgumentParser()
    commands = arguments.add_subparsers(dest="command", required=True)
    commands.add_parser("setup")
    write = commands.add_parser("write")
    write.add_argument("count", type=int)
    write.add_argument("large", type=int, nargs="*")
    relaying = commands.add_parser("relay")
    relaying.add_argument("--refuse", type=int, default=Connection.refuse)
    relaying.add_argument("--die-after", type=int, default=Connection.die_after)
    given = arguments.parse_args()

    configure()
    if given.command == "setup":
        setup()
    elif given.command == "write":
        for number in range(given.count):
            print(add(number, number in given.large), flush=True)
    else:
        Connection.refuse, Connection.die_after = given.refuse, given.die_after
        relay()


if __name__ == "__main__":
    main()
