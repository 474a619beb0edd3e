using System.Text;
using Flagstone.Provisioning.Providers.Sql;

namespace Flagstone.Provisioning.Tests.Sql;

public sealed class LoginNamesTests
{
    [Theory]
    [InlineData("shop", "shop_a", "shop_b")]
    [InlineData("a.name-of-a-composite-that-is-just-as-long-as-it-may-be-7k2p", "a.name-of-a-composite-that-is-just-as-long-as-it-may-be-7k2p_a", "a.name-of-a-composite-that-is-just-as-long-as-it-may-be-7k2p_b")]
    public void A_role_that_leaves_room_lends_its_logins_its_name(string role, string a, string b) => Assert.Equal(new LoginNames(role, a, b), LoginNames.Of(role));

    [Theory]
    [InlineData('n')]
    [InlineData('é')]
    public void Long_names_that_begin_alike_have_logins_of_their_own_that_PostgreSQL_does_not_cut(char letter)
    {
        var stem = new string(letter, 60 / Encoding.UTF8.GetByteCount([letter]));

        LoginNames[] all = [LoginNames.Of(stem + "nnn"), LoginNames.Of(stem + "nno")];

        var names = all.SelectMany(n => (string[])[n.Role, n.A, n.B]).ToList();
        Assert.Equal(6, names.Distinct().Count());
        Assert.All(names, n => Assert.InRange(Encoding.UTF8.GetByteCount(n), 1, SqlText.MaxNameBytes));
    }
}
