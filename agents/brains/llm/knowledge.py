"""What the knowledge cards have to say to a wish, for those who write the music: whole cards, likest first, within a budget."""

from ripieno.memory.embedding import text_vector
from ripieno.prompts.cards import cards

BUDGET = 330  # words: two cards
_LIKE = 0.08  # the least likeness, of words and of parts of words together, that counts
_GRAMS = 0.35


def fitting_knowledge(wish: str, budget: int = BUDGET) -> str:
    """Titles and texts of the cards that fit `wish` best; empty where none does."""
    words, grams = text_vector(wish)
    scored = []
    for card in cards():
        own_words, own_grams = text_vector(card.words)
        scored.append((float((1 - _GRAMS) * (words @ own_words) + _GRAMS * (grams @ own_grams)), card))
    chosen = []
    for like, card in sorted(scored, key=lambda row: (-row[0], row[1].id)):
        size = len(card.text.split())
        if like >= _LIKE and size <= budget:
            budget -= size
            chosen.append(f"{card.title}. {card.text}")
    return "\n\n".join(chosen)
