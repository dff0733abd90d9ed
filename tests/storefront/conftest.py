from tests.recommender.conftest import model_folders as model_folders
from tests.recommender.conftest import shop as shop
