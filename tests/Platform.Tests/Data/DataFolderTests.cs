using Flagstone.Platform.Data;

namespace Flagstone.Platform.Tests.Data;

/// <summary>Who may read a data folder.</summary>
public sealed class DataFolderTests : IDisposable
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Listable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode OthersRead = UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("flagstone-modes-");

    [Fact]
    public void An_existing_folder_is_closed_to_others_with_all_that_is_ours_in_it()
    {
        var file = Make("flagstone.db");
        var folder = Directory.CreateDirectory(Path.Combine(root.FullName, "git"), Listable).FullName;
        File.SetUnixFileMode(root.FullName, Listable);

        using (DataFolder.Open(root.FullName))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.Equal(PrivateFiles.Folder, File.GetUnixFileMode(folder));
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(root.FullName) & OthersRead);
        }
    }

    [Fact]
    public void What_is_not_ours_stays_as_it_is()
    {
        var stranger = Make("notes.txt");
        var target = Directory.CreateDirectory(Path.Combine(root.FullName, "volume"), Listable).FullName;
        File.SetUnixFileMode(target, Listable);
        File.CreateSymbolicLink(Path.Combine(root.FullName, "git"), target);

        using (DataFolder.Open(root.FullName))
        {
            Assert.Equal(Readable, File.GetUnixFileMode(stranger));
            Assert.Equal(Listable, File.GetUnixFileMode(target));
        }
    }

    [Fact]
    public void A_folder_of_the_machine_keeps_its_mode()
    {
        var shared = Listable | UnixFileMode.OtherWrite | UnixFileMode.StickyBit;
        File.SetUnixFileMode(root.FullName, shared);

        using (DataFolder.Open(root.FullName))
        {
            Assert.Equal(shared, File.GetUnixFileMode(root.FullName));
        }
    }

    [Fact]
    public void A_new_folder_can_be_passed_by_child_processes_of_other_users_and_listed_by_nobody()
    {
        var data = Path.Combine(root.FullName, "new");

        using (DataFolder.Open(data))
        {
            Assert.Equal(PrivateFiles.Passage, File.GetUnixFileMode(data));
        }
    }

    public void Dispose() => root.Delete(recursive: true);

    private string Make(string name)
    {
        var file = Path.Combine(root.FullName, name);
        File.WriteAllText(file, "");
        File.SetUnixFileMode(file, Readable);
        return file;
    }
}
