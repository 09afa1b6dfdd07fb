"""What a class does not do, and the sentence that says so."""


class Refused(Exception):
    """Something that is not done; its text is one sentence for the person who asked.

    Args:
        sentence: What to say.
        status: Of the answer, as HTTP has it.
    """

    def __init__(self, sentence: str, status: int = 409):
        super().__init__(sentence)
        self.status = status
