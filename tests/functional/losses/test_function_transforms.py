"""The losses under torch.func and torch.compile."""

import functools

import pytest
import torch
from helpers.loss_cases import IGNORE, LOSSES
from torch.autograd import forward_ad

from mmgb.functional import exp_gb_loss, mirrored_exp_gb_loss, pow3_gb_loss, squared_error_loss, squentropy_loss
from mmgb.functional.losses.function_transforms import is_transformed, unwrapped


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('transform', ['grad', 'vmap', 'vmap of grad', 'hessian', 'compile', 'compile of a function'])
def test_transforms_and_the_compiler_use_the_formula(loss, setting, transform):
    scores, labels = torch.randn(3, 2, 4), torch.tensor([[0, 1, 2, 3], [3, IGNORE, 1, 0]])[:, :3].T.reshape(3, 2)[:, :1]
    scores = scores.movedim(-1, 1)[..., :1]

    def value(x, y):
        return loss(x, y, ignore_index=IGNORE, reduction='sum', **setting)

    def gradient(x, y):
        x = x.detach().requires_grad_()
        return torch.autograd.grad(value(x, y), x)[0]

    if transform == 'grad':
        found, expected = torch.func.grad(value)(scores, labels), gradient(scores, labels)
    elif transform == 'vmap':
        found = torch.func.vmap(value)(scores[:, None], labels[:, None])
        expected = torch.stack([value(x[None], y[None]) for x, y in zip(scores, labels)])
    elif transform == 'vmap of grad':
        found = torch.func.vmap(torch.func.grad(value))(scores[:, None], labels[:, None])[:, 0]
        expected = gradient(scores, labels)
    elif transform == 'hessian':
        found = torch.func.jacrev(torch.func.jacrev(value))(scores, labels)
        expected = torch.autograd.functional.hessian(lambda x: value(x, labels), scores)
    else:
        torch._dynamo.reset()
        compiled = torch.compile(value, fullgraph=True, backend='aot_eager')
        x = scores.clone().requires_grad_()
        compiled(x, labels).backward()
        found, expected = x.grad, gradient(scores, labels)
        if transform == 'compile of a function':
            with pytest.raises(RuntimeError, match='expected a class from 0 to 3'):
                compiled(scores, labels + 1000)
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('loss, setting', LOSSES)
def test_vmap_checks_the_targets(loss, setting):
    scores = torch.randn(3, 1, 4)
    with pytest.raises(ValueError, match='label=4: expected a class from 0 to 3'):
        torch.func.vmap(functools.partial(loss, **setting))(scores, torch.full((3, 1), 4))
    with pytest.raises(ValueError, match='class score=2.0: expected'):
        torch.func.vmap(functools.partial(loss, **setting))(scores, torch.full((3, 1, 4), 2.0))


def test_transforms_are_recognised_and_unwrapped():
    plain = torch.arange(3.0)
    assert not is_transformed() and unwrapped(plain) is plain

    def check(x):
        assert is_transformed() and torch.equal(unwrapped(x), plain)
        return x.sum()

    torch.func.grad(check)(plain)


WITH_CLASS_SCORES = [exp_gb_loss, pow3_gb_loss, mirrored_exp_gb_loss, squared_error_loss]


@pytest.mark.parametrize(
    'loss, soft',
    [(loss, False) for loss in (*WITH_CLASS_SCORES, squentropy_loss)] + [(loss, True) for loss in WITH_CLASS_SCORES],
)
def test_forward_mode_equals_reverse_mode(loss, soft):
    scores, target = torch.randn(4, 3), torch.tensor([0, 2, IGNORE, 1])
    if soft:
        target = torch.rand(4, 3)
    tangent = torch.randn(4, 3)

    def value(x):
        return loss(x, target, ignore_index=IGNORE)

    gradient = torch.func.grad(value)(scores)
    _, along = torch.func.jvp(value, (scores,), (tangent,))
    torch.testing.assert_close(along, (gradient * tangent).sum())
    torch.testing.assert_close(torch.func.jacfwd(value)(scores), gradient)
    torch.testing.assert_close(torch.func.hessian(value)(scores), torch.func.jacrev(torch.func.jacrev(value))(scores))
    with forward_ad.dual_level():
        dual = value(forward_ad.make_dual(scores, tangent))
        torch.testing.assert_close(forward_ad.unpack_dual(dual).tangent, along)
