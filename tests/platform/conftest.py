from tests.brokers import broker as broker
from tests.brokers import kafka as kafka
from tests.recommender.conftest import model_folders as model_folders
