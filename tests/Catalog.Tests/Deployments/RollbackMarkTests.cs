using Flagstone.Catalog.Deployments;
using Flagstone.Catalog.Repositories;

namespace Flagstone.Catalog.Tests.Deployments;

public sealed class RollbackMarkTests
{
    private static readonly RollbackMark Mark = new(Commit('a'), Commit('b'), new string('1', 32), new string('2', 32));

    [Theory]
    [InlineData("ada")]
    [InlineData("Idempotency-Key: x, by y")]
    public void A_keyed_rollback_is_read_back_from_its_commit(string by)
    {
        Assert.True(RepositoryName.TryParse("web", out var web));
        Assert.True(RollbackMark.TryRead(Mark.Message(web, by), out var read));
        Assert.Equal(Mark, read);
    }

    [Fact]
    public void Another_commit_stands_for_no_key()
    {
        Assert.True(RepositoryName.TryParse("web", out var web));
        Assert.False(RollbackMark.TryRead((Mark with { Key = "", Request = "" }).Message(web, "ada"), out _));
        Assert.False(RollbackMark.TryRead("Say more\n", out _));
    }

    private static CommitId Commit(char digit) => CommitId.TryParse(new string(digit, 40), out var commit) ? commit : throw new InvalidOperationException();
}
