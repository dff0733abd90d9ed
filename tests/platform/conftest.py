from tests.brokers import broker as broker
from tests.brokers import kafka as kafka
