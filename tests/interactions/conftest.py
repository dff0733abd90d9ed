from tests.api.conftest import api as api
from tests.brokers import broker as broker
from tests.brokers import kafka as kafka
from tests.recommender.conftest import model_folders as model_folders
from tests.recommender.conftest import shop as shop
