"""tools/analysis_tools/top5_pictures.py on made-up results of a tiny data set."""

import runpy

import numpy as np
import pytest
from helpers import scene_results as scenes
from helpers.many_runs import assert_one_sentence, run_many
from helpers.tiny_runs import TOOLS
from PIL import Image

from mmgb.functional.errors import ConfigError

TOOL = 'analysis_tools/top5_pictures.py'
BAD_INPUT = {  # name: (arguments, part of the error message)
    'no file': (['nowhere.pkl', 'config.py', '--out', 'x'], "'nowhere.pkl' is not a file"),
    'count': (['mixed.pkl', 'config.py', '--out', 'x', '--count', '0'], '--count=0: expected at least 1'),
    'within': (['mixed.pkl', 'config.py', '--out', 'x', '--right-within', '6'], '--right-within=6: expected 1 to 5'),
    'classes': (['four.pkl', 'config.py', '--out', 'x'], 'the top 5 of 4 classes'),
    'other classes': (['five.pkl', 'config.py', '--out', 'x'], 'test data set has 6 classes, the result 5'),
    'images': (
        ['others.pkl', 'config.py', '--out', 'x'],
        "image 0 (from 0) is 'scenes/airport/a_airport.png.jpg', but 'scenes/airport/a_airport.png'",
    ),
    'length': (['short.pkl', 'config.py', '--out', 'x'], "has 11 images, the config's test data set 12"),
    'data': (
        ['mixed.pkl', 'config.py', '--out', 'x', '--cfg-options', 'test_dataloader.dataset.data_root=nowhere'],
        "data_root='nowhere' does not exist",
    ),
    'too few ids': (
        ['mixed.pkl', 'config.py', '--out', 'x', '--label-ids', 'few.txt'],
        "--label-ids='few.txt': expected 6 distinct numbers, one per class, got 2 numbers of which 2 are distinct",
    ),
    'no ids': (
        ['mixed.pkl', 'config.py', '--out', 'x', '--label-ids', 'config.py'],
        "--label-ids='config.py': expected one integer per line",
    ),
}


def mixed_scores():
    """Scores that rank the target class first for images 0 … 4, third for 5 … 9, and last for 10 and 11."""
    scores = np.tile(np.linspace(0.3, 0.1, 6, dtype=np.float32), (12, 1))
    for index, label in enumerate(scenes.labels()):
        place = 0 if index < 5 else 2 if index < 10 else 5
        others = [name for name in range(6) if name != label]
        scores[index, others[:place] + [label] + others[place:]] = np.linspace(0.3, 0.1, 6)
    return scores


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = scenes.make_scenes(tmp_path_factory.mktemp('top5'))
    scores, labels = mixed_scores(), scenes.labels()
    scenes.write_result(folder / 'mixed.pkl', scores)
    scenes.write_result(folder / 'short.pkl', scores[:-1])
    scenes.write_result(folder / 'others.pkl', scores, suffix='.jpg')
    scenes.write_result(folder / 'five.pkl', scores[:, :5], np.minimum(labels, 4))
    scenes.write_result(folder / 'four.pkl', scores[:, :4], np.minimum(labels, 3))
    scenes.write_result(folder / 'unlabelled.pkl', scores, with_labels=False)
    np.savez(folder / 'arrays.npz', x_test=np.zeros((12, 8, 8, 3), np.uint8), y_test=labels, classes=scenes.CLASSES)
    (folder / 'arrays.py').write_text("""
_base_ = 'config.py'
test_dataloader = dict(dataset=dict(_delete_=True, type='mmgb.ArrayDataset', images='arrays.npz',
                                    keys=('x_test', 'y_test'), pipeline=[]))
""")
    (folder / 'few.txt').write_text('1\n2\n')
    (folder / 'ids.txt').write_text('\n'.join(str(10 * label) for label in range(6)))
    return folder


@pytest.fixture(scope='module')
def outputs(folder):
    commands = {
        'pictures': [TOOL, 'mixed.pkl', 'config.py', '--out', 'new/pictures', '--count', 4],
        'top-1': [TOOL, 'mixed.pkl', 'config.py', '--out', 'top1', '--right-within', 1, '--format', 'places'],
        'ids': [TOOL, 'mixed.pkl', 'config.py', '--out', 'ids', '--label-ids', 'ids.txt'],
        'arrays': [TOOL, 'mixed.pkl', 'arrays.py', '--out', 'arrays', '--format', 'names'],
        'unlabelled': [TOOL, 'unlabelled.pkl', 'config.py', '--out', 'unlabelled'],
    }
    commands.update({f'bad {name}': [TOOL, *arguments] for name, (arguments, _) in BAD_INPUT.items()})
    return run_many(folder, commands)


def size(path):
    with Image.open(path) as image:
        return image.size


def test_a_result_with_too_few_classes_is_refused(folder):
    read_result = runpy.run_path(TOOLS / TOOL)['read_result']
    result, top = read_result(folder / 'mixed.pkl')
    assert top.shape == (12, 5) and result.labels[0] == (0,)
    with pytest.raises(ConfigError, match='^result: the top 5 of 4 classes: expected 1 to 4$'):
        read_result(folder / 'four.pkl')


@pytest.mark.slow
def test_right_and_wrong_images_have_one_picture_each(folder, outputs):
    code, output = outputs['pictures']
    assert code == 0 and 'Right within the top 5: 10 of 12 images.' in output, output
    width, height = size(folder / 'new/pictures/right.png')
    assert size(folder / 'new/pictures/wrong.png') == (width, height)  # four and two images: one row each
    for name in ('right', 'wrong'):
        assert np.asarray(Image.open(folder / f'new/pictures/{name}.png').convert('RGB')).std() > 10


@pytest.mark.slow
def test_right_can_mean_top_1(folder, outputs):
    code, output = outputs['top-1']
    assert code == 0 and 'Right within the top 1: 5 of 12 images.' in output, output
    assert size(folder / 'top1/right.png')[1] == size(folder / 'top1/wrong.png')[1]  # two rows each


def expected_labels():
    """Return {file name: its five classes, the best first}."""
    return {
        f'{"ab"[index % 2]}_{scenes.CLASSES[label]}.png': sorted(range(6), key=lambda c: -score[c])[:5]
        for index, (label, score) in enumerate(zip(scenes.labels(), mixed_scores()))
    }


@pytest.mark.slow
def test_ilsvrc_file_has_labels_from_1_in_the_order_of_the_file_names(folder, outputs):
    lines = (folder / 'new/pictures/top5.txt').read_text().splitlines()
    assert lines == [' '.join(str(label + 1) for label in labels) for _, labels in sorted(expected_labels().items())]


@pytest.mark.slow
def test_places_file_has_file_names_and_labels_from_0(folder, outputs):
    lines = (folder / 'top1/top5.txt').read_text().splitlines()
    assert lines == [' '.join([name, *map(str, labels)]) for name, labels in sorted(expected_labels().items())]


@pytest.mark.slow
def test_label_ids_replace_the_labels(folder, outputs):
    lines = (folder / 'ids/top5.txt').read_text().splitlines()
    assert lines == [' '.join(str(10 * label) for label in labels) for _, labels in sorted(expected_labels().items())]


@pytest.mark.slow
def test_images_in_arrays_are_drawn_too(folder, outputs):
    code, output = outputs['arrays']
    assert code == 0, output
    assert size(folder / 'arrays/right.png') == size(folder / 'ids/right.png')


@pytest.mark.slow
def test_a_result_without_labels_gives_only_the_file(folder, outputs):
    code, output = outputs['unlabelled']
    assert code == 0 and 'no labels: nothing to draw' in output, output
    assert [path.name for path in (folder / 'unlabelled').iterdir()] == ['top5.txt']


@pytest.mark.slow
@pytest.mark.parametrize('name', BAD_INPUT)
def test_invalid_input_ends_with_one_sentence(name, folder, outputs):
    assert_one_sentence(outputs[f'bad {name}'], 'top5_pictures.py', BAD_INPUT[name][1])
    assert not (folder / 'x').exists()
