using System.Text;

namespace EvidenceVault.Pipeline.Disclosure.Report;

/// <summary>HOW-TO-VERIFY.txt. Each line that begins with two blanks and <c>$</c> is a command that works as it stands, and tests run them.</summary>
internal static class HowToVerify
{
    public static string Write(BundleContents contents)
    {
        var text = new StringBuilder();
        text.Append($"""
            HOW TO VERIFY THIS BUNDLE

            Bundle {contents.Id}, case {contents.Case}, made {ReportText.Rfc3339(contents.MadeAt)}

            None of this needs a network, an account or the system that made the bundle. If you
            were handed a ZIP, unpack it into a new, empty folder. Open a terminal in the folder
            that holds this file. Lines that begin with $ are commands for Linux and macOS; type
            them without the $.


            1. ARE THE FILES COMPLETE AND UNCHANGED?

              $ sha256sum -c tagmanifest-sha256.txt
              $ sha256sum -c manifest-sha256.txt

            Every line must end in OK. On macOS write 'shasum -a 256' for 'sha256sum'. On
            Windows, compare each file with its line in the two manifests, for example:

              > certutil -hashfile {WindowsPath(contents.Exhibits[0].File)} SHA256

            A file that is in no manifest does not belong to the bundle.


            2. WHO SAYS SO?

            The list of files in data/bundle.json is signed:

              $ {Cms("data/bundle.json", "data/bundle.cms")}

            It must say: CMS Verification successful. The certificate that this is checked with
            came in the bundle itself. Compare these two hashes with those that the vault's owner
            has published, or you know only that the bundle agrees with itself:

              $ sha256sum data/keys/ca.pem data/keys/policy


            3. ARE THE EXHIBITS WHAT WAS SEALED?

            Each exhibit has a seal, signed when it was taken in. For each, the signature must
            verify, and the exhibit's hash must stand in the seal (it then says: same):


            """.ReplaceLineEndings("\n"));
        foreach (DisclosedExhibit exhibit in contents.InOrder)
        {
            text.Append($"Exhibit {exhibit.Reference}\n\n");
            text.Append($"  $ {Cms(exhibit.SealFile, exhibit.SealCmsFile)}\n");
            text.Append($"  $ grep -q \"\\\"sha256\\\":\\\"$(sha256sum < {exhibit.File} | cut -c 1-64)\\\"\" {exhibit.SealFile} && echo same\n");
            if (exhibit.TimeStamp is not null)
                text.Append($"\nA time-stamping authority vouches for when the seal was there (it must say: Verification: OK):\n\n  $ openssl ts -verify -data {exhibit.SealCmsFile} -in {exhibit.TimeStampFile} -token_in -CAfile data/keys/tsa.pem\n");
            text.Append('\n');
        }
        text.Append("""
            Where a certificate has run out since, add -no_check_time to the commands above, and
            rely on the time stamp, if there is one, for when the seal was made.


            """.ReplaceLineEndings("\n"));
        bool clips = ClipSteps.Append(text, contents, "4");
        text.Append($"""
            {(clips ? 5 : 4)}. IS THE RECORD WHOLE?

            Who did what to each exhibit is in data/log/entries, and to read in
            data/report/continuity.pdf. Each entry has a proof that it is in the log whose root is
            signed in data/log/checkpoint. Checking the proofs takes more than stock tools: open
            verify.html in a browser (Chrome, Edge or Firefox) and drop the whole bundle on it. It
            works without a network and sends nothing anywhere. Or, with the program:

              evidencevault-verify .

            A copy of the page or the program that you got from somebody you trust is better than
            the one in the bundle: whoever changes a bundle can change the page in it.


            {(clips ? 6 : 5)}. WHAT THIS DOES NOT SHOW

            That a camera saw the truth; what happened to a file before it was sealed; whose the
            keys are, unless you compared them in step 2. Whether evidence is admitted is for the
            court.

            """.ReplaceLineEndings("\n"));
        return text.ToString();
    }

    private static string Cms(string content, string signature) =>
        $"openssl cms -verify -binary -inform DER -in {signature} -content {content} -CAfile data/keys/ca.pem -out /dev/null";

    private static string WindowsPath(string path) => path.Replace('/', '\\');
}
