"""Visits a tree of 2047 nodes: two functions that call each other, and another pair from each."""
from truth import start


class Node(object):
    def __init__(self, depth):
        self.depth = depth
        self.children = [Node(depth - 1), Node(depth - 1)] if depth else []


def visit(node):
    total = 0
    for child in node.children:
        total += check(child)
    return total + helper(node)


def check(node):
    if node.depth < 0:
        return 0
    return visit(node)


def helper(node):
    return leaf(node.depth) + 1


def leaf(depth):
    return depth * 2


def main():
    root = Node(10)
    while True:
        visit(root)


start(main, root="main",
      possible="main(;__init__){0,11}|main(;visit(;check;visit){0,10}(;check|;helper(;leaf)?)?)?")
